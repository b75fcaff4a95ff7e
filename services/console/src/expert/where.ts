import { createContext } from 'react'
import type { Anchor } from '../api/types'

/** On which image of the study a finding stands, counted from 1; null while the study is not here. */
export const WhereContext = createContext<(anchor: Anchor) => number | null>(() => null)
