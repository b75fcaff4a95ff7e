import { useQuery } from '@tanstack/react-query'
import { Button, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson } from '../api/client'
import type { Me } from '../api/types'
import { ChooseOrganisation } from '../auth/ChooseOrganisation'
import { organisationsIn } from '../auth/claims'
import { signOut } from '../auth/session'
import { SignInPage } from '../auth/SignInPage'
import { useSession } from '../auth/useSession'
import { ErrorNotice, Loading } from '../ui/Notice'
import { MeContext } from './me'
import { Shell } from './Shell'

/** Lets a person in who is signed in for exactly one organisation; otherwise shows what is still to do. */
export function Gate() {
  const user = useSession()
  if (user === null) return <SignInPage />
  const organisations = organisationsIn(user.access_token)
  if (organisations.length !== 1) return <ChooseOrganisation organisations={organisations} />
  return <SignedIn key={`${user.profile.sub}/${organisations[0] ?? ''}`} />
}

function SignedIn() {
  const { t } = useTranslation()
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => getJson<Me>('/api/directory/v1/me', signal), staleTime: 60_000 })
  if (me.isPending) return <Loading />
  if (me.error) {
    return (
      <Flex vertical gap={16} className="notice-page">
        <ErrorNotice error={me.error} onRetry={() => void me.refetch()} />
        <Button onClick={() => void signOut()}>{t('action.signOut')}</Button>
      </Flex>
    )
  }
  return (
    <MeContext value={me.data}>
      <Shell />
    </MeContext>
  )
}
