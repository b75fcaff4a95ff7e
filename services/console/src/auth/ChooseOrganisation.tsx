import { Alert, Button, Card, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router-dom'
import { useLanguage } from '../app/useLanguage'
import { remembered, signIn, signOut } from './session'

/** A person of several hospitals works for one at a time; a person of none is told whom to ask. */
export function ChooseOrganisation({ organisations }: { organisations: string[] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { pathname, search } = useLocation()
  const asked = remembered()
  const tag = language === 'zh' ? 'zh-CN' : 'en'
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <Flex vertical gap={12}>
          <Typography.Title level={1} className="page-title">
            {t('signIn.choose')}
          </Typography.Title>
          {organisations.length === 0 && asked === '' && <Alert type="warning" showIcon title={t('signIn.none')} description={t('signIn.noneNext')} />}
          {organisations.length === 0 && asked !== '' && (
            <>
              <Alert type="warning" showIcon title={t('signIn.notMember', { organisation: asked })} />
              <Button type="primary" size="large" block onClick={() => void signIn('', pathname + search, tag)}>
                {t('signIn.mine')}
              </Button>
            </>
          )}
          {organisations.map((alias) => (
            <Button key={alias} size="large" block onClick={() => void signIn(alias, pathname + search, tag)}>
              {alias}
            </Button>
          ))}
          <Button onClick={() => void signOut()}>{t('action.signOut')}</Button>
        </Flex>
      </Card>
    </main>
  )
}
