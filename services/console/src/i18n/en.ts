import { billing } from './en/billing'
import { clinic } from './en/clinic'
import { common } from './en/common'
import { expert } from './en/expert'
import { operator } from './en/operator'
import { quality } from './en/quality'

export const en = { ...common, ...clinic, ...expert, ...billing, ...operator, ...quality }
