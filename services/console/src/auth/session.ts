import { type User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { configureClient } from '../api/client'
import { organisationsIn } from './claims'

/**
 * One sign-in session: Keycloak's authorization code flow with PKCE. A token must name exactly one organisation; the first
 * sign-in asks for all (`organization:*`), and a person of several hospitals then chooses one, which the browser remembers.
 */
const ALL = '*'
const REMEMBERED = 'sonobridge.organisation'

const manager = new UserManager({
  authority: `${location.origin}/auth/realms/sonobridge`,
  client_id: 'console',
  redirect_uri: `${location.origin}/signed-in`,
  post_logout_redirect_uri: `${location.origin}/`,
  response_type: 'code',
  scope: 'openid',
  automaticSilentRenew: true,
  accessTokenExpiringNotificationTimeInSeconds: 30,
  userStore: new WebStorageStateStore({ store: sessionStorage }),
})

type Listener = () => void
const listeners = new Set<Listener>()
let user: User | null = null
let ended = false

function changed(next: User | null): void {
  user = next
  listeners.forEach((listener) => listener())
}

manager.events.addUserLoaded((next) => changed(next))
manager.events.addUserUnloaded(() => changed(null))
manager.events.addSilentRenewError(() => void end())
manager.events.addAccessTokenExpired(() => void end())

async function end(): Promise<void> {
  if (user === null) return
  ended = true
  await manager.removeUser()
}

/** Reads the session that this tab holds; call before the first render. */
export async function startSession(): Promise<void> {
  configureClient(() => Promise.resolve(user?.access_token ?? null), () => void end())
  const stored = await manager.getUser()
  user = stored && !stored.expired ? stored : null
}

export function subscribe(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function currentUser(): User | null {
  return user
}

/** Whether the last session was ended by the platform rather than by the person. */
export function sessionEnded(): boolean {
  return ended
}

export function remembered(): string {
  return localStorage.getItem(REMEMBERED) ?? ''
}

/** Leaves for Keycloak's page. `organisation` empty: whichever the person belongs to. Comes back to `path`. */
export async function signIn(organisation: string, path: string, language: string): Promise<void> {
  if (organisation === '') localStorage.removeItem(REMEMBERED)
  else localStorage.setItem(REMEMBERED, organisation)
  const scope = `openid organization:${organisation === '' ? ALL : organisation}`
  await manager.signinRedirect({ scope, ui_locales: language, state: { path } })
}

/** The second half of sign-in, on the way back from Keycloak. Answers the path that the person wanted. */
export async function finishSignIn(): Promise<string> {
  const next = await manager.signinRedirectCallback()
  ended = false
  const organisations = organisationsIn(next.access_token)
  if (organisations.length === 1 && organisations[0]) localStorage.setItem(REMEMBERED, organisations[0])
  changed(next)
  const state = next.state as { path?: string } | undefined
  return state?.path?.startsWith('/') && !state.path.startsWith('//') ? state.path : '/'
}

export async function signOut(): Promise<void> {
  await manager.signoutRedirect()
}
