import type { operator as en } from '../en/operator'

export const operator: typeof en = {
  organisation: {
    name: '名称', nameZh: '中文名称', nameEn: '英文名称', alias: '简称', aliasHint: '小写字母、数字和连字符；之后不能修改。',
    code: '统一社会信用代码', timeZone: '时区', quiet: '自动完成', quietMinutes: '多少分钟没有新图像后自动完成', state: '状态',
    active: '启用', inactive: '停用', add: '添加机构', change: '修改机构', empty: '还没有机构。',
  },
  device: {
    aeTitle: 'AE 名称', aeTitleHint: '主叫 AE 名称，全平台唯一，最多 16 个字符。', organisation: '机构', address: '地址', host: '主机', port: '端口',
    description: '说明', add: '添加设备', change: '修改设备', empty: '还没有设备。', hint: '主叫 AE 名称决定设备发送的检查属于谁。',
  },
  member: {
    name: '姓名', username: '用户名', clientId: '客户端编号', roles: '角色', kind: '类别', person: '人员', machine: '机器', addPerson: '添加人员', addMachine: '添加机器',
    change: '修改成员', empty: '还没有成员。', newPassword: '重置密码', newSecret: '重置密钥', newSecretAsk: '生成新的？旧的立即失效。',
    secretOnce: '{{who}} 的密钥，仅显示这一次。',
  },
  agreement: {
    number: '编号', title: '协议 {{number}}', requester: '申请方', reader: '阅片方', services: '服务范围', version: '版本', validFrom: '生效日', validUntil: '失效日',
    untilHint: '留空表示长期有效', noEnd: '长期有效', add: '添加协议', newVersion: '新版本', versionFrom: '第 {{version}} 版，自 {{from}}',
    versionHint: '版本一经生效不再修改。请设定更晚的生效日，届时本版取代前一版。', hint: '谁为谁阅片，从何时起，价格多少，使用哪些模型。',
    empty: '还没有协议。', parties: '双方与期限', reading: '阅片方式', currency: '币种', currencyHint: '三个大写字母，例如 CNY', consent: '知情同意',
    consentAttested: '申请方声明其患者同意远程阅片', consentEach: '远程阅片同意逐次记录',
    trialAttested: '申请方声明其患者同意参加试验', trialEach: '试验同意逐次记录', modality: '设备类型', bodyPart: '检查部位',
    anyPart: '* 表示任意部位', addService: '添加服务', turnaround: '时限', turnaroundHours: '时限（小时）', models: 'AI 模型', model: '模型',
    modelHint: '仅用于 AI 项目；留空表示任意模型', mode: '方式', certificate: '注册证', ethics: '伦理批件', addModel: '添加模型', prices: '价格', priceItem: '第 {{number}} 项',
    noPrices: '没有价格项目。', addPrice: '添加价格项目', code: '代码', descriptionZh: '中文说明', descriptionEn: '英文说明', event: '计费时点',
    price: '价格', unitAmount: '单价', amountHint: '请输入金额，例如 12.50', upTo: '至第几例', addTier: '添加阶梯', tier: '第 {{from}}–{{to}} 例：{{amount}}', tierRest: '第 {{from}} 例起：{{amount}}',
  },
  change: {
    at: '时间', who: '操作人', kind: '类别', name: '名称', outcome: '操作', content: '内容', show: '查看', showOf: '查看 {{name}} 的内容', created: '新建', changed: '修改',
    renewed: '重置密钥', organisation: '机构', device: '设备', membership: '成员', agreement: '协议', hint: '谁在何时设置或修改了什么。记录不会被删除。',
    empty: '还没有变更。',
  },
  event: { report_signed: '报告签发', analysis_completed: 'AI 完成分析' },
  party: { requester: '申请方', reader: '阅片方', platform: '平台' },
  mode: { approved: '已注册', trial: '试验', shadow: '影子' },
  reading: { single: '单审', double: '双审' },
  model: { name: '模型', approved: '已注册', notApproved: '未注册', permitted: '协议许可', digest: '摘要', use: '预期用途', class: '管理类别', hint: '模型是医疗器械：说明卡写明其用途与性能。', empty: '没有模型。',
    versions: '版本', yours: '本院使用', shown: '启用', missing: '未安装', notLoaded: '暂不可用', inShadow: '影子运行', byHospital: '各医院的版本', hospital: '医院', newHospitals: '新医院的起始版本',
    before: '此前', disagreed: '结论不同', ofCompared: '{{disagreed}} / {{compared}}（{{share}} %）', noPins: '尚无医院固定版本；首次检查时固定。', again: '{{at}} 再次尝试',
    decideBy: '版本的启用与回退只需一条命令：sonobridge admin models promote、rollback。',
    condition: { in_service: '运行中', taken_out: '已停用', on_trial: '试用中' },
  },
  health: { asOf: '截至 {{at}}', ready: '就绪', notReady: '未就绪', ok: '正常', away: '没有应答。请查看其日志，或重新启动。' },
  service: { directory: '目录', ingest: '接收', inference: '推理', reporting: '报告', billing: '结算' },
}
