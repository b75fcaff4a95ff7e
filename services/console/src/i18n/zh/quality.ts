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
  drift: {
    hint: '模型的回答是否与从前一致：最近数日与此前 {{days}} 天相比。',
    why: '群体稳定性指数（PSI）比较两个分布：低于 {{watch}} 视为一致，达到 {{drift}} 时需要处理（Siddiqi，Credit Risk Scorecards，2006）。任一时段少于 {{least}} 个回答时不作判断；未超出偶然范围的变化不算变化。专家未更正的切面计为接受。',
    recent: '最近 {{days}} 天', reference: '此前 {{days}} 天', byHospital: '按医院', byScanner: '按机型', group: '区分', hospital: '医院', scanner: '机型', unknown: '未知', shadow: '影子',
    runs: '回答数', refused: '未发现', agreed: '专家接受率', change: '变化', was: '此前 {{value}}', shareOf: '{{share}} %（共 {{count}}）', show: '查看', showOf: '查看 {{name}} 的分布', shown: '见下图',
    empty: '该时段没有模型回答，请选择更长的时段。', alarm: '{{name}} 的回答与从前不同', alarmOf: '{{measure}}（指数 {{psi}}）', alarmNext: '请查看下方分布及部分检查，并比较机型和医院。运营方可恢复此前的版本。',
    certainty: '置信度', probability: '恶性概率', outcome: '结果', review: '专家对所见的处理', chartOf: '{{measure}}，两个时段的占比；{{name}}', share: '占比（%）', index: '指数 {{psi}}',
    findings: '有所见', nothing: '未发现', failed: '失败', accepted: '接受', corrected: '更正', rejected: '拒绝',
    verdict: { too_few: '数量不足', steady: '稳定', watch: '需留意', drifts: '漂移' },
  },
}
