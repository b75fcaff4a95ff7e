import { Alert, Button, Flex } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { Loading } from '../ui/Notice'
import { finishSignIn } from './session'

/** Where Keycloak sends the person back to. */
export function SignedInPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const started = useRef(false)
  const [reason, setReason] = useState<string | null>(null)
  useEffect(() => {
    if (started.current) return
    started.current = true
    finishSignIn().then(
      (path) => void navigate(path, { replace: true }),
      (error: unknown) => setReason(error instanceof Error ? error.message : String(error)),
    )
  }, [navigate])
  if (reason === null) return <Loading label={t('signIn.finishing')} />
  return (
    <Flex vertical gap={16} className="notice-page">
      <Alert type="error" showIcon role="alert" title={t('signIn.failed')} description={`${reason} ${t('signIn.again')}`} />
      <Button type="primary" href="/">
        {t('signIn.button')}
      </Button>
    </Flex>
  )
}
