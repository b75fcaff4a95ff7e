import { useSyncExternalStore } from 'react'
import { currentUser, subscribe } from './session'

export function useSession() {
  return useSyncExternalStore(subscribe, currentUser)
}
