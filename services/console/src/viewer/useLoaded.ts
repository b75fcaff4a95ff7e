import { useCallback, useSyncExternalStore } from 'react'
import type { FrameStore } from './frames'
import type { Instance } from './study'

/** How many of the clip's frames are here. */
export function useLoaded(store: FrameStore, instance: Instance | undefined): number {
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store])
  return useSyncExternalStore(subscribe, () => (instance ? store.loaded(instance) : 0))
}
