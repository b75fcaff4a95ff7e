import { DatePicker } from 'antd'
import dayjs from 'dayjs'

interface Props {
  id?: string
  value?: string
  onChange?: (day: string | undefined) => void
}

/** A calendar day as ISO 8601 text, for a form. */
export function DayInput({ id, value, onChange }: Props) {
  return <DatePicker {...(id && { id })} value={value ? dayjs(value) : null} onChange={(day) => onChange?.(day?.format('YYYY-MM-DD'))} />
}
