import { billing } from './zh/billing'
import { clinic } from './zh/clinic'
import { common } from './zh/common'
import { expert } from './zh/expert'
import { operator } from './zh/operator'
import { quality } from './zh/quality'

export const zh = { ...common, ...clinic, ...expert, ...billing, ...operator, ...quality }
