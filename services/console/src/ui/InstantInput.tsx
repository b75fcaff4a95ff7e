import { DatePicker, Flex, Typography } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { instantOf, wallTime } from './time'
import { useFormat } from './useFormat'

/** Date and time by the organisation's clock, whatever the browser's; the value is an instant. */
export function InstantInput({ label, value, onChange }: { label: string; value: string; onChange: (instant: string) => void }) {
  const { t } = useTranslation()
  const { timeZone } = useFormat()
  return (
    <Flex gap={8} align="center" wrap>
      <DatePicker
        showTime
        aria-label={label}
        allowClear={false}
        value={dayjs(wallTime(value, timeZone))}
        onChange={(picked) => {
          if (picked) onChange(instantOf(picked.format('YYYY-MM-DDTHH:mm:ss'), timeZone))
        }}
      />
      <Typography.Text type="secondary">{t('time.zone', { zone: timeZone })}</Typography.Text>
    </Flex>
  )
}
