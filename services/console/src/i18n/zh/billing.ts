import type { billing as en } from '../en/billing'

export const billing: typeof en = {
  usage: {
    reverse: '冲销', reverseTitle: '冲销该费用？', reversed: '已另行记录冲销。',
    reason: '原因', traceLater: '出账后付款方与收款方可追溯',
    date: '服务日期', item: '项目', payer: '付款方', payee: '收款方', agreement: '协议', agreementVersion: '{{number}} 第 {{version}} 版', exam: '检查', quantity: '数量',
    amount: '金额', state: '状态', trace: '来源', showTrace: '追溯', hint: '金额在账期关闭前为暂估。', empty: '该时段没有用量。',
  },
  usageState: { provisional: '暂估', invoiced: '已出账', reversed: '已冲销' },
  cost: { hint: '未结账期目前的支出与收入，均为暂估。', through: '截至', payable: '应付', receivable: '应收', empty: '没有未结费用。' },
  byDay: { hint: '按服务日期统计。', chart: '按服务日期的金额柱状图；下表给出相同数字' },
  invoice: {
    number: '编号', through: '结账截至', total: '合计', files: '文件', download: '下载 {{name}} 的 {{kind}}', hint: '每个账期、每对付款方与收款方一张。',
    empty: '还没有账单。账期关闭时生成。', title: '账单 {{number}}', lines: '明细', noLines: '该账单没有明细。',
  },
  settlement: { organisation: '机构', net: '净额', hint: '每个机构在已关闭账期的应付与应收。', empty: '还没有结算单。账期关闭时生成。' },
  trace: {
    title: '该行的来源', hint: '从检查到账簿。', exam: '收到检查', event: '事件 {{type}}', at: '时间', id: '编号', analysis: 'AI 分析',
    report: '报告签发，第 {{version}} 版', agreement: '协议 {{number}} 第 {{version}} 版', usage: '记录用量：{{item}}', line: '账单 {{number}} 的一行，{{amount}}', unit: '单价', ordinal: '当月序号',
    postings: '账簿分录', traceId: '追踪编号',
  },
  eventType: { exam_completed: '检查完成', exam_amended: '检查补充图像', analysis_completed: 'AI 完成分析', report_signed: '报告签发' },
  periodState: { rating: '计价中', invoicing: '出账中', closed: '已关闭' },
  account: { receivable: '应收账款', revenue: '收入', payable: '应付账款', expense: '费用' },
  period: {
    close: '关闭账期', through: '截至', closedAt: '关闭时间', hint: '关闭后，截至该时刻的金额全部确定，不能撤销；之后的更正另行记录。',
    ask: '关闭截至 {{through}} 的全部费用？', closed: '账期已关闭。', empty: '还没有关闭过账期。',
  },
}
