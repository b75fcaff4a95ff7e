import { createContext, useContext } from 'react'
import type { Me, Role } from '../api/types'

export const MeContext = createContext<Me | null>(null)

/** Who is signed in, for which organisation; there once the session page let us in. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === null) throw new Error('useMe outside a signed-in page')
  return me
}

export function useHas(...roles: Role[]): boolean {
  const mine = useMe().roles
  return roles.some((role) => mine.includes(role))
}
