import { Button, Result } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'

export function Missing() {
  const { t } = useTranslation()
  return (
    <Result
      status="404"
      title={t('problem.s404.title')}
      subTitle={t('problem.s404.next')}
      extra={
        <Link to="/">
          <Button type="primary">{t('action.home')}</Button>
        </Link>
      }
    />
  )
}
