import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { Navigate } from 'react-router-dom'
import { useMe } from './me'
import { entriesFor } from './menu'

/** The first page of one's role. */
export function Home() {
  const { t } = useTranslation()
  const first = entriesFor(useMe().roles)[0]
  if (first) return <Navigate to={first.path} replace />
  return <Alert type="warning" showIcon title={t('home.noRole')} description={t('home.noRoleNext')} />
}
