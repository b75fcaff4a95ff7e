export const quality = {
  quality: {
    hint: 'Reports that your hospital reads or asked for. Times run from the complete exam to the signature.', window: 'Time', days: 'Last {{days}} days',
    signed: 'Signed', inTime: 'In time', late: 'Late', inTimeShare: 'In time', open: 'Open now', overdue: 'Overdue now', acceptedShare: 'AI findings accepted',
    turnaround: 'Turnaround', turnaroundChart: 'Reports in time, late and overdue by priority; the table below has the same figures', side: 'Your part', read: 'Reads',
    requested: 'Asks', partner: 'For or by', median: 'Median', p90: '9 of 10 within', noReports: 'No reports in this time. Choose a longer one.',
    findings: 'What experts made of the AI’s findings', findingsChart: 'Findings accepted, corrected and rejected; the table below has the same figures', finding: 'Finding',
    meanCorrection: 'Mean correction', noFindings: 'No report of this time used AI findings.', refusals: 'Refused on the way in, by reason', count: 'Count',
  },
  drift: {
    hint: 'Whether the models answer as they did before: the last days against the {{days}} days before them.',
    why: 'The population stability index compares two distributions: below {{watch}} they are alike, from {{drift}} on the change asks for action (Siddiqi, Credit Risk Scorecards, 2006). With fewer than {{least}} answers in either time nothing is judged, and a change within chance is not called one. A view that the expert let stand counts as accepted.',
    recent: 'Last {{days}} days', reference: '{{days}} days before', byHospital: 'By hospital', byScanner: 'By scanner', group: 'Tell apart', hospital: 'Hospital', scanner: 'Scanner', unknown: 'unknown', shadow: 'Shadow',
    runs: 'Answers', refused: 'Nothing found', agreed: 'Accepted by experts', change: 'Change', was: '{{value}} before', shareOf: '{{share}} % of {{count}}', show: 'Show', showOf: 'Show the distributions of {{name}}', shown: 'Shown below',
    empty: 'No model has answered in this time. Choose a longer one.', alarm: '{{name}} answers differently than before', alarmOf: '{{measure}} (index {{psi}})', alarmNext: 'Look at the distributions below and at some of its exams; compare scanners and hospitals. The operator can show an earlier version again.',
    certainty: 'Certainty', probability: 'Probability of cancer', outcome: 'Outcome', review: 'What experts made of findings', chartOf: '{{measure}}, share of both times; {{name}}', share: 'Share, %', index: 'Index {{psi}}',
    findings: 'Findings', nothing: 'Nothing found', failed: 'Failed', accepted: 'Accepted', corrected: 'Corrected', rejected: 'Rejected',
    verdict: { too_few: 'Too few', steady: 'Steady', watch: 'Watch', drifts: 'Drifts' },
  },
}
