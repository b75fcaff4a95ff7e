import type { Standing } from '../api/types'

/** How many images a version was to read, and on how many it failed. */
export interface Asked {
  version: string
  asked: number
  failed: number
}

/** What the version did on the hospital's images, shown or in the shadow. */
export function askedOf({ answers }: Pick<Standing, 'answers'>, version: string): Asked {
  const own = answers.filter((one) => one.version === version)
  const failed = own.reduce((sum, one) => sum + one.failed, 0)
  return { version, asked: own.reduce((sum, one) => sum + one.answered, failed), failed }
}

/** The versions that failed in the shadow, and that in the shadow now whatever it did: no disagreement is not yet agreement. The worst first, as they come. */
export function shadowsOf({ answers, shadow_version, platform }: Pick<Standing, 'answers' | 'shadow_version' | 'platform'>): Asked[] {
  if (platform) return []
  const shadows = answers.filter((one) => !one.shown && (one.failed > 0 || one.version === shadow_version))
  const told = shadows.map((one) => askedOf({ answers: [one] }, one.version))
  const silent = shadow_version !== '' && !told.some((one) => one.version === shadow_version)
  return silent ? [{ version: shadow_version, asked: 0, failed: 0 }, ...told] : told
}
