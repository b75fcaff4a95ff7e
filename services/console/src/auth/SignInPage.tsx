import { Alert, Button, Card, Flex, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router-dom'
import { LanguageSwitch } from '../app/LanguageSwitch'
import { useLanguage } from '../app/useLanguage'
import { remembered, sessionEnded, signIn } from './session'

/** The way in: Keycloak asks for name and password; the hospital may be named beforehand. */
export function SignInPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { pathname, search } = useLocation()
  const [failed, setFailed] = useState(false)
  const [busy, setBusy] = useState(false)
  const start = async ({ organisation }: { organisation?: string }) => {
    setBusy(true)
    setFailed(false)
    try {
      await signIn((organisation ?? '').trim(), pathname + search, language === 'zh' ? 'zh-CN' : 'en')
    } catch {
      setFailed(true)
      setBusy(false)
    }
  }
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <Flex vertical gap={16}>
          <Flex justify="space-between" align="center">
            <Flex align="center" gap={10}>
              <img src="/favicon.svg" alt="" width={36} height={36} />
              <Typography.Title level={1} className="page-title">
                SonoBridge
              </Typography.Title>
            </Flex>
            <LanguageSwitch />
          </Flex>
          <Typography.Text type="secondary">{t('signIn.about')}</Typography.Text>
          {sessionEnded() && <Alert type="info" showIcon title={t('signIn.ended')} />}
          {failed && <Alert type="error" showIcon role="alert" title={t('signIn.failed')} description={t('signIn.failedNext')} />}
          <Form layout="vertical" onFinish={start} initialValues={{ organisation: remembered() }}>
            <Form.Item name="organisation" label={t('signIn.organisation')} extra={t('signIn.organisationHint')}>
              <Input autoComplete="organization" allowClear spellCheck={false} data-testid="organisation" />
            </Form.Item>
            <Button type="primary" htmlType="submit" size="large" block loading={busy} data-testid="sign-in">
              {t('signIn.button')}
            </Button>
          </Form>
        </Flex>
      </Card>
    </main>
  )
}
