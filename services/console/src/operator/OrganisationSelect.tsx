import { Button, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Organisation } from '../api/types'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'

interface Props {
  id?: string
  value?: string
  onChange?: (alias: string) => void
  disabled?: boolean
  placeholder?: string
}

/** Chooses an organisation by name; the value is its alias. */
export function OrganisationSelect({ id, value, onChange, disabled, placeholder }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const organisations = usePages<Organisation>('/api/directory/v1/organisations')
  return (
    <Select
      {...(id && { id })}
      showSearch={{ optionFilterProp: 'label' }}
      {...(value !== undefined && { value })}
      {...(onChange && { onChange })}
      disabled={disabled ?? false}
      loading={organisations.loading}
      placeholder={placeholder ?? t('form.choose')}
      {...(placeholder !== undefined && { 'aria-label': placeholder })}
      options={organisations.rows.map((one) => ({ value: one.alias, label: `${format.name(one)} (${one.alias})` }))}
    />
  )
}

/** One organisation's rows alone, or everybody's. */
export function OrganisationFilter({ value, onChange }: { value: string | undefined; onChange: (alias: string | undefined) => void }) {
  const { t } = useTranslation()
  return (
    <div className="field-wide">
      <OrganisationSelect placeholder={t('device.organisation')} {...(value && { value })} onChange={onChange} />
      {value && (
        <Button type="link" onClick={() => onChange(undefined)}>
          {t('filter.all')}
        </Button>
      )}
    </div>
  )
}
