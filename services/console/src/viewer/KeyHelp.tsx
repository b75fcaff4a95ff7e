import { QuestionOutlined } from '@ant-design/icons'
import { Button, Popover } from 'antd'
import { useTranslation } from 'react-i18next'
import { KEY_NAMES } from './hotkeys'

interface Props {
  open: boolean
  onOpen: (open: boolean) => void
}

/** Which keys do what in the picture. */
export function KeyHelp({ open, onOpen }: Props) {
  const { t } = useTranslation()
  const keys = (
    <dl className="keys" data-testid="keys">
      {KEY_NAMES.map(([action, names]) => (
        <div key={action}>
          <dt>
            {names.map((name) => (
              <kbd key={name}>{name === 'Space' ? t('viewer.space') : name}</kbd>
            ))}
          </dt>
          <dd>{t(`keys.${action}`)}</dd>
        </div>
      ))}
    </dl>
  )
  return (
    <Popover open={open} onOpenChange={onOpen} trigger="click" placement="bottom" title={t('viewer.keys')} content={keys}>
      <Button icon={<QuestionOutlined />} aria-label={t('viewer.keys')} aria-expanded={open} data-testid="key-help" />
    </Popover>
  )
}
