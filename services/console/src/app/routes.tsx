import { lazy } from 'react'
import { createBrowserRouter } from 'react-router-dom'
import { SignedInPage } from '../auth/SignedInPage'
import { Broken } from './Broken'
import { Gate } from './Gate'
import { Home } from './Home'
import { Missing } from './Missing'

const ExamsPage = lazy(async () => ({ default: (await import('../clinic/ExamsPage')).ExamsPage }))
const ExamPage = lazy(async () => ({ default: (await import('../clinic/ExamPage')).ExamPage }))
const UploadPage = lazy(async () => ({ default: (await import('../clinic/UploadPage')).UploadPage }))
const RefusalsPage = lazy(async () => ({ default: (await import('../clinic/RefusalsPage')).RefusalsPage }))
const WorklistPage = lazy(async () => ({ default: (await import('../expert/WorklistPage')).WorklistPage }))
const ReadingPage = lazy(async () => ({ default: (await import('../expert/ReadingPage')).ReadingPage }))
const UsagePage = lazy(async () => ({ default: (await import('../billing/UsagePage')).UsagePage }))
const CostPage = lazy(async () => ({ default: (await import('../billing/CostPage')).CostPage }))
const ByDayPage = lazy(async () => ({ default: (await import('../billing/ByDayPage')).ByDayPage }))
const InvoicesPage = lazy(async () => ({ default: (await import('../billing/InvoicesPage')).InvoicesPage }))
const InvoicePage = lazy(async () => ({ default: (await import('../billing/InvoicePage')).InvoicePage }))
const SettlementsPage = lazy(async () => ({ default: (await import('../billing/SettlementsPage')).SettlementsPage }))
const TracePage = lazy(async () => ({ default: (await import('../billing/TracePage')).TracePage }))
const PeriodsPage = lazy(async () => ({ default: (await import('../billing/PeriodsPage')).PeriodsPage }))
const OrganisationsPage = lazy(async () => ({ default: (await import('../operator/OrganisationsPage')).OrganisationsPage }))
const DevicesPage = lazy(async () => ({ default: (await import('../operator/DevicesPage')).DevicesPage }))
const MembersPage = lazy(async () => ({ default: (await import('../operator/MembersPage')).MembersPage }))
const AgreementsPage = lazy(async () => ({ default: (await import('../operator/AgreementsPage')).AgreementsPage }))
const AgreementPage = lazy(async () => ({ default: (await import('../operator/AgreementPage')).AgreementPage }))
const NewAgreementPage = lazy(async () => ({ default: (await import('../operator/AgreementPage')).NewAgreementPage }))
const ChangesPage = lazy(async () => ({ default: (await import('../operator/ChangesPage')).ChangesPage }))
const QualityPage = lazy(async () => ({ default: (await import('../quality/QualityPage')).QualityPage }))
const DriftPage = lazy(async () => ({ default: (await import('../quality/DriftPage')).DriftPage }))
const ModelsPage = lazy(async () => ({ default: (await import('../operator/ModelsPage')).ModelsPage }))
const HealthPage = lazy(async () => ({ default: (await import('../operator/HealthPage')).HealthPage }))

export const router = createBrowserRouter([
  { path: '/signed-in', element: <SignedInPage /> },
  {
    element: <Gate />,
    errorElement: <Broken />,
    children: [
      { path: '/', element: <Home /> },
      { path: '/exams', element: <ExamsPage /> },
      { path: '/exams/:id', element: <ExamPage /> },
      { path: '/upload', element: <UploadPage /> },
      { path: '/refusals', element: <RefusalsPage /> },
      { path: '/worklist', element: <WorklistPage /> },
      { path: '/read/:taskId', element: <ReadingPage /> },
      { path: '/usage', element: <UsagePage /> },
      { path: '/cost', element: <CostPage /> },
      { path: '/by-day', element: <ByDayPage /> },
      { path: '/invoices', element: <InvoicesPage /> },
      { path: '/invoices/:id', element: <InvoicePage /> },
      { path: '/settlements', element: <SettlementsPage /> },
      { path: '/lines/:id/trace', element: <TracePage /> },
      { path: '/periods', element: <PeriodsPage /> },
      { path: '/organisations', element: <OrganisationsPage /> },
      { path: '/devices', element: <DevicesPage /> },
      { path: '/members', element: <MembersPage /> },
      { path: '/agreements', element: <AgreementsPage /> },
      { path: '/agreements/new', element: <NewAgreementPage /> },
      { path: '/agreements/:number', element: <AgreementPage /> },
      { path: '/changes', element: <ChangesPage /> },
      { path: '/quality', element: <QualityPage /> },
      { path: '/models', element: <ModelsPage /> },
      { path: '/drift', element: <DriftPage /> },
      { path: '/health', element: <HealthPage /> },
      { path: '*', element: <Missing /> },
    ],
  },
])
