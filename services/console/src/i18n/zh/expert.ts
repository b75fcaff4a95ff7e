import type { expert as en } from '../en/expert'

export const expert: typeof en = {
  task: {
    priority: '优先级', due: '时限', dueIn: '还剩 {{span}}', overdueBy: '已超时 {{span}}', from: '来自', ai: 'AI', state: '状态', holder: '阅片人', me: '我', do: '操作',
    claim: '领取', continue: '继续阅片', view: '查看', release: '退回', onlyMine: '只看我的', open: '待处理', empty: '没有待阅的检查。',
  },
  taskState: { unassigned: '未领取', claimed: '已领取', drafting: '书写中', awaiting_second: '待二审', signed: '已签发', amended: '有补充报告' },
  ai: { completed: 'AI 已读', skipped: '无 AI', failed: 'AI 失败', pending: 'AI 处理中' },
  read: {
    newImages: '签发后有新图像到达：请查看并书写补充报告。',
    title: '阅片', pictures: '图像', report: '报告', findings: '所见', noFindings: 'AI 没有给出建议。', free: '该检查还没有人阅片。',
    heldBy: '{{name}} 正在阅片，至 {{until}}。', leaseLost: '您已不再持有该检查', leaseLostNext: '他人已接手。您最后保存的草稿仍在；如需继续请重新领取。',
    offered: '您开始之后 AI 才完成：{{count}} 项所见', offerAccept: '加入草稿', offerDismiss: '不采用', undecided: '还有 {{count}} 项所见需要处理后才能签发。',
    reload: '载入已保存的内容', insert: '将已处理的所见写入描述',
    viewsNow: '描述中的切面与目前的不一致。目前为：{{views}}', noViews: '描述中写有切面，但目前没有保留任何切面。',
  },
  second: {
    claim: '领取二审', firstReader: '一审：{{name}}', firstBy: '一审：{{name}}，{{at}}', showFirst: '一审签署的内容',
    free: '已完成一审，等待另一位专家二审。', hint: '请查看图像，然后同意一审意见或作出修改。您签发后报告生效。',
    opinion: '二审意见', agree: '同意', change: '修改', signFirst: '签署一审', passedOn: '一审已签署，等待另一位专家二审',
    waiting: '您已完成一审', waitingNext: '另一位专家将进行二审；二审签发后报告生效。',
  },
  finding: {
    where: '图像 {{image}} 第 {{frame}} 帧',
    accept: '接受', correct: '更正', reject: '拒绝', certainty: '可信度 {{percent}} %', outlineCertainty: '轮廓可信度 {{percent}} %', weeks: '{{weeks}} 周 {{days}} 天', correctedValue: '{{label}}的更正值', days: '天', unit: '{{unit}}',
    investigational: '试验用', needsValue: '请先输入更正值。',
    correctedAnswer: '{{label}}的更正结果', otherAnswer: '请用文字填写', withdraw: '恢复 AI 结果', needsAnswer: '请先选择正确的结果，或用文字填写。',
  },
  hints: {
    investigational: '试验用：该人工智能处于临床试验阶段，尚未获批用于临床。请逐项核对其结果。',
    title: 'AI 对图像的识别：{{count}} 幅', image: '图像 {{image}}', frames: '第 {{first}}–{{last}} 帧', frame: '第 {{frame}} 帧',
    correct: '更正：{{what}}', unjudged: '无法判断：{{what}}', silentFrames: '（{{count}} 帧）', separator: '、',
    because: '{{what}}（{{why}}）', unreadable: 'AI 无法读取图像 {{images}}，请自行查看。',
    failed: 'AI 模型 {{model}} 本次运行失败，缺少其结果', failedWhole: 'AI 本次运行失败，缺少其结果',
    contradiction: '检查部位为 {{part}}，而图像 {{images}} 显示：{{view}}。AI 按图像内容分析。',
  },
  findingState: { proposed: '待定', accepted: '已接受', corrected: '已更正', rejected: '已拒绝' },
  saveState: { saved: '草稿已保存', changed: '有改动', saving: '正在保存……', failed: '未保存' },
  report: {
    criticalShort: '危急',
    none: '还没有报告。', version: '第 {{version}} 版', download: '下载 {{what}}', description: '超声所见', impression: '超声提示',
    recommendation: '建议', critical: '危急值：须立即通知基层医院',
    attestation: '我已亲自查看图像，并对本报告负责。', sign: '签发报告', signedNow: '已签发', signedVersion: '已签发，第 {{version}} 版',
    versions: '版本', versionLine: '第 {{version}} 版：{{at}} {{by}}', addendum: '书写补充报告',
    addendumHint: '已签发的报告保持不变；此内容成为下一版。', signAddendum: '签发补充报告',
  },
  viewer: {
    tools: '工具', window: '窗宽窗位 (W)', zoom: '缩放 (Z)', pan: '平移 (P)', length: '长度 (L)', ellipse: '椭圆 (E)', reset: '复位 (R)', overlay: '轮廓 (O)',
    picture: '图像 {{number}}，第 {{frame}} 帧', play: '播放（空格）', pause: '暂停（空格）', previousFrame: '上一帧', nextFrame: '下一帧', frame: '帧',
    frameOf: '{{frame}} / {{frames}}', loading: '已加载 {{loaded}} / {{frames}} 帧。', dropped: '为保持实时已跳过 {{count}} 帧。',
    noTiming: '文件未给出帧率：按每秒 15 帧显示。', images: '检查的图像', keys: '快捷键 (?)', space: '空格',
  },
  keys: {
    play: '播放、暂停', previousFrame: '上一帧', nextFrame: '下一帧', previousImage: '上一幅图像', nextImage: '下一幅图像', window: '窗宽窗位', zoom: '缩放',
    pan: '平移', length: '测量长度', ellipse: '测量椭圆', overlay: '显示或隐藏轮廓', reset: '复位', delete: '删除测量', help: '显示本列表',
  },
  measure: {
    list: '测量', hint: '用长度 (L) 或椭圆 (E) 测量，数值列在此处。', remove: '删除测量', length: '长度', ellipse: '椭圆', circumference: '周长 {{value}}', axes: '径线 {{long}} × {{short}}', area: '面积 {{value}}',
  },
  measureRefusal: {
    outside: '无法测量：有点在图像之外', noRegion: '无法测量：各点不在同一标定区域内', notImage: '无法测量：该区域不是二维图像',
    notLength: '无法测量：该区域不以厘米标定', disagree: '无法测量：重叠区域的标定不一致', detector: '无法测量：像素间距是探测器的，不是患者的',
    none: '无法测量：图像没有标定',
  },
}
