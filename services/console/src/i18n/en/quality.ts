export const quality = {
  quality: {
    hint: 'Reports that your hospital reads or asked for. Times run from the complete exam to the signature.', window: 'Time', days: 'Last {{days}} days',
    signed: 'Signed', inTime: 'In time', late: 'Late', inTimeShare: 'In time', open: 'Open now', overdue: 'Overdue now', acceptedShare: 'AI findings accepted',
    turnaround: 'Turnaround', turnaroundChart: 'Reports in time, late and overdue by priority; the table below has the same figures', side: 'Your part', read: 'Reads',
    requested: 'Asks', partner: 'For or by', median: 'Median', p90: '9 of 10 within', noReports: 'No reports in this time. Choose a longer one.',
    findings: 'What experts made of the AI’s findings', findingsChart: 'Findings accepted, corrected and rejected; the table below has the same figures', finding: 'Finding',
    meanCorrection: 'Mean correction', noFindings: 'No report of this time used AI findings.', refusals: 'Refused on the way in, by reason', count: 'Count',
  },
}
