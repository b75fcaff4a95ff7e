/** The organisations that an access token names (Keycloak's claim: a list of aliases, or an object keyed by alias). */
export function organisationsIn(accessToken: string): string[] {
  const payload = accessToken.split('.')[1]
  if (payload === undefined) return []
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as { organization?: string[] | Record<string, unknown> }
  const named = claims.organization
  if (named === undefined) return []
  return Array.isArray(named) ? named : Object.keys(named)
}
