import type { common as en } from '../en/common'

export const common: typeof en = {
  language: '语言',
  action: {
    apply: '应用', cancel: '取消', change: '修改', changeOf: '修改 {{name}}', home: '回到首页', no: '否', refresh: '刷新', remove: '移除',
    resume: '继续', retry: '重试', save: '保存', saved: '已保存', signOut: '退出登录', skip: '跳到内容',
    switchOrganisation: '切换医院', yes: '是',
  },
  filter: { all: '全部' },
  form: { choose: '请选择', required: '请填写此项' },
  home: { noRole: '您在本院还没有角色', noRoleNext: '请联系平台运维人员为您分配角色，然后重新登录。' },
  menu: {
    label: '菜单', open: '打开菜单', account: '账户', exams: '我的检查', upload: '上传', refusals: '被拒文件', worklist: '阅片工作列表', usage: '用量明细',
    cost: '未结费用', byDay: '按日统计', invoices: '账单', settlements: '结算单', agreements: '协议', organisations: '机构',
    devices: '设备', members: '成员', models: '模型', periods: '账期', health: '运行状态',
  },
  problem: {
    s0: { title: '没有收到应答', next: '请检查网络连接后重试。已保存的内容不会丢失。' },
    s400: { title: '平台无法识别该内容', next: '请按上述说明更正后重新提交。' },
    s401: { title: '您已退出登录', next: '请重新登录，登录后会回到本页。' },
    s403: { title: '您的角色不允许此操作', next: '请向平台运维人员申请角色，或切换到其他医院。' },
    s404: { title: '没有找到', next: '它可能属于其他医院。请返回列表查看。' },
    s409: { title: '与现有内容冲突', next: '请刷新页面查看当前状态后再决定。' },
    s412: { title: '内容已被他人修改', next: '请载入已保存的内容后再修改。' },
    s413: { title: '内容过大', next: '请分批发送，或从设备以 DICOM 方式发送。' },
    s415: { title: '不接受此类文件', next: '请发送 DICOM 文件。' },
    s422: { title: '不符合规则', next: '请按上述说明更正后再保存。' },
    s500: { title: '平台出现错误', next: '请重试；若仍然出现，请将下方编号告知运维人员。' },
    s503: { title: '某个部件暂时不可用', next: '请稍候几秒后重试。已保存的内容不会丢失。' },
  },
  role: { clinic_staff: '基层医务人员', expert: '阅片专家', quality_manager: '质控管理员', billing_admin: '结算管理员', operator: '平台运维' },
  signIn: {
    about: '基层超声检查，由区域专家阅片。',
    organisation: '医院（简称）', organisationHint: '只在一家医院工作时可留空；否则登录后再选择。',
    button: '登录', ended: '会话已结束，请重新登录后继续。', failed: '登录未成功。',
    failedNext: '登录服务没有应答，请稍候重试。', again: '请重新登录。', finishing: '正在登录……',
    choose: '您现在为哪家医院工作？', none: '您还不是任何医院的成员', noneNext: '请联系平台运维人员将您加入，然后重新登录。',
  },
  state: { loading: '正在加载……' },
  table: { rows: '共 {{count}}{{more}} 行' },
  time: { days: '{{value}} 天', hours: '{{value}} 小时', minutes: '{{value}} 分钟', seconds: '{{value}} 秒', zone: '时区 {{zone}}' },
  priority: { ROUTINE: '常规', URGENT: '加急', STAT: '特急' },
}
