export const billing = {
  usage: {
    reverse: 'Take back', reverseTitle: 'Take this charge back?', reversed: 'The charge is taken back by a record of its own.',
    reason: 'Reason', traceLater: 'Payer and payee see the way back once the line is invoiced',
    date: 'Service date', item: 'Item', payer: 'Payer', payee: 'Payee', agreement: 'Agreement', agreementVersion: '{{number}}, version {{version}}', exam: 'Exam', quantity: 'Quantity',
    amount: 'Amount', state: 'State', trace: 'Origin', showTrace: 'Trace', hint: 'Provisional amounts become final when the period closes.', empty: 'No usage in this time.',
  },
  usageState: { provisional: 'Provisional', invoiced: 'Invoiced', reversed: 'Reversed' },
  cost: { hint: 'What the open period costs and earns so far; provisional.', through: 'Through', payable: 'You pay', receivable: 'You receive', empty: 'Nothing is open.' },
  byDay: { hint: 'Charges by service date.', chart: 'Bar chart of the amounts by service date; the table below gives the same figures' },
  invoice: {
    number: 'Number', through: 'Closed through', total: 'Total', files: 'Files', download: 'Download {{name}} as {{kind}}', hint: 'One per payer and payee and closed period.',
    empty: 'No invoices yet. They are drawn up when the period closes.', title: 'Invoice {{number}}', lines: 'Lines', noLines: 'This invoice has no lines.',
  },
  settlement: { organisation: 'Organisation', net: 'Net', hint: 'What each organisation pays and receives for a closed period.', empty: 'No settlements yet. They are drawn up when the period closes.' },
  trace: {
    title: 'Where this line comes from', hint: 'From the exam to the ledger.', exam: 'Exam received', event: 'Event {{type}}', at: 'At', id: 'Id', analysis: 'AI analysis',
    report: 'Report signed, version {{version}}', agreement: 'Agreement {{number}}, version {{version}}', usage: 'Usage recorded: {{item}}', line: 'Line of invoice {{number}} over {{amount}}', unit: 'Unit price', ordinal: 'Number in the month',
    postings: 'Postings in the ledger', traceId: 'Trace id',
  },
  eventType: { exam_completed: 'exam complete', exam_amended: 'exam amended', analysis_completed: 'AI has read', report_signed: 'report signed' },
  periodState: { rating: 'Rating', invoicing: 'Drawing up invoices', closed: 'Closed' },
  account: { receivable: 'Receivable', revenue: 'Revenue', payable: 'Payable', expense: 'Expense' },
  period: {
    close: 'Close the period', through: 'Through', closedAt: 'Closed at', hint: 'Closing makes all amounts through this instant final. It cannot be undone; later corrections are records of their own.',
    ask: 'Close everything through {{through}}?', closed: 'The period is closed.', empty: 'No period has been closed yet.',
  },
}
