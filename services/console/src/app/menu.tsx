import {
  AlertOutlined, ApartmentOutlined, ApiOutlined, AuditOutlined, BankOutlined, CalculatorOutlined, CalendarOutlined, CloudUploadOutlined, DashboardOutlined,
  ExperimentOutlined, FileTextOutlined, FundOutlined, HeartOutlined, HistoryOutlined, LineChartOutlined, ScheduleOutlined, StopOutlined, TeamOutlined,
} from '@ant-design/icons'
import type { ReactNode } from 'react'
import type { Role } from '../api/types'

export interface Entry {
  key:
    | 'exams' | 'upload' | 'refusals' | 'worklist' | 'usage' | 'cost' | 'byDay' | 'invoices' | 'settlements' | 'agreements' | 'organisations'
    | 'devices' | 'members' | 'changes' | 'models' | 'drift' | 'quality' | 'periods' | 'health'
  path: string
  icon: ReactNode
  roles: Role[]
}

/** Every page that the menu offers, and to whom. The services decide again on each request. */
export const MENU: Entry[] = [
  { key: 'worklist', path: '/worklist', icon: <ScheduleOutlined />, roles: ['expert'] },
  { key: 'quality', path: '/quality', icon: <DashboardOutlined />, roles: ['quality_manager'] },
  { key: 'exams', path: '/exams', icon: <HeartOutlined />, roles: ['clinic_staff', 'quality_manager'] },
  { key: 'upload', path: '/upload', icon: <CloudUploadOutlined />, roles: ['clinic_staff'] },
  { key: 'refusals', path: '/refusals', icon: <StopOutlined />, roles: ['clinic_staff', 'quality_manager'] },
  { key: 'usage', path: '/usage', icon: <FileTextOutlined />, roles: ['billing_admin', 'operator'] },
  { key: 'byDay', path: '/by-day', icon: <LineChartOutlined />, roles: ['billing_admin', 'operator'] },
  { key: 'cost', path: '/cost', icon: <CalculatorOutlined />, roles: ['billing_admin'] },
  { key: 'invoices', path: '/invoices', icon: <AuditOutlined />, roles: ['billing_admin', 'operator'] },
  { key: 'settlements', path: '/settlements', icon: <BankOutlined />, roles: ['billing_admin', 'operator'] },
  { key: 'periods', path: '/periods', icon: <CalendarOutlined />, roles: ['operator'] },
  { key: 'organisations', path: '/organisations', icon: <ApartmentOutlined />, roles: ['operator'] },
  { key: 'agreements', path: '/agreements', icon: <FileTextOutlined />, roles: ['operator', 'billing_admin'] },
  { key: 'devices', path: '/devices', icon: <ApiOutlined />, roles: ['operator'] },
  { key: 'members', path: '/members', icon: <TeamOutlined />, roles: ['operator'] },
  { key: 'changes', path: '/changes', icon: <HistoryOutlined />, roles: ['operator'] },
  { key: 'models', path: '/models', icon: <ExperimentOutlined />, roles: ['operator', 'expert', 'quality_manager'] },
  { key: 'drift', path: '/drift', icon: <FundOutlined />, roles: ['quality_manager', 'operator'] },
  { key: 'health', path: '/health', icon: <AlertOutlined />, roles: ['operator'] },
]

/** Whether the menu knows a page at `path` that none of these roles may open. */
export function closedTo(path: string, roles: readonly Role[]): boolean {
  const entry = MENU.find((one) => path === one.path || path.startsWith(`${one.path}/`))
  return entry !== undefined && !entry.roles.some((role) => roles.includes(role))
}

export function entriesFor(roles: readonly Role[]): Entry[] {
  return MENU.filter((entry) => entry.roles.some((role) => roles.includes(role)))
}
