import { Alert, Button, Card, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router-dom'
import { useLanguage } from '../app/useLanguage'
import { signIn, signOut } from './session'

/** A person of several hospitals works for one at a time; a person of none is told whom to ask. */
export function ChooseOrganisation({ organisations }: { organisations: string[] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { pathname, search } = useLocation()
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <Flex vertical gap={12}>
          <Typography.Title level={1} className="page-title">
            {t('signIn.choose')}
          </Typography.Title>
          {organisations.length === 0 && <Alert type="warning" showIcon title={t('signIn.none')} description={t('signIn.noneNext')} />}
          {organisations.map((alias) => (
            <Button key={alias} size="large" block onClick={() => void signIn(alias, pathname + search, language === 'zh' ? 'zh-CN' : 'en')}>
              {alias}
            </Button>
          ))}
          <Button onClick={() => void signOut()}>{t('action.signOut')}</Button>
        </Flex>
      </Card>
    </main>
  )
}
