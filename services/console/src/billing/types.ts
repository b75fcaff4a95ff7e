/** Billing's JSON under the console's own names; the shapes are made from the service (`npm run api`). */
export type {
  DayView as Day, InvoiceView as Invoice, InvoiceWithLines, LineView as InvoiceLine, PartyView, PeriodView as Period, SettlementView as Settlement,
  StatementView as StatementLine, TraceView as Trace,
} from '../api/generated/billing'
