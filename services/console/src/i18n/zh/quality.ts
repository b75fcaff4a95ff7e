import type { quality as en } from '../en/quality'

export const quality: typeof en = {
  quality: {
    hint: '本院阅片或申请的报告。时间自检查完成起，至签发为止。', window: '时段', days: '最近 {{days}} 天',
    signed: '已签发', inTime: '按时', late: '超时', inTimeShare: '按时率', open: '未签发', overdue: '目前超时', acceptedShare: 'AI 所见接受率',
    turnaround: '报告时效', turnaroundChart: '各优先级按时、超时签发及目前超时的报告数；下表给出相同数字', side: '本院', read: '阅片',
    requested: '申请', partner: '对方', median: '中位数', p90: '九成以内', noReports: '该时段没有报告，请选择更长的时段。',
    findings: '专家对 AI 所见的处理', findingsChart: '接受、更正和拒绝的所见数；下表给出相同数字', finding: '所见',
    meanCorrection: '平均更正幅度', noFindings: '该时段的报告没有使用 AI 所见。', refusals: '被拒文件（按原因）', count: '数量',
  },
}
