import type { clinic as en } from '../en/clinic'

export const clinic: typeof en = {
  exam: {
    patient: '患者', patientId: '患者编号', birthDate: '出生日期', accession: '检查号', what: '检查', received: '接收时间', serviceDate: '服务日期',
    images: '图像', imagesFrames: '{{images}} 幅，{{frames}} 帧', image: '图像 {{number}}', imageFrames: '第 {{number}} 幅 · {{frames}} 帧', noImages: '该检查还没有图像。',
    priority: '优先级', state: '状态', coverage: '阅片方', missing: '尚缺', nothingMissing: '无', report: '报告', uid: '检查 UID',
    empty: '还没有检查。请上传文件，或从设备发送。', facts: '检查信息',
    completeTitle: '图像是否已齐？', completeHint: '所有图像到齐后请确认，随即开始阅片。若不确认，平台会在一段时间没有新图像后自动完成。',
    complete: '检查完成', completeAsk: '以 {{images}} 幅图像完成检查？', completed: '检查已完成，送往阅片。',
    consentTitle: '患者知情同意', consentHint: '未同意远程阅片时，任何内容都不会离开本院。', consentRemote: '患者同意远程阅片',
    consentTrial: '患者同意参加 AI 模型试验', consentSave: '保存同意', consentSaved: '知情同意已保存',
  },
  examState: { receiving: '接收中', completed: '已完成', amended: '已补充' },
  reportState: { none: '尚无', signed: '已签发', amended: '有补充报告' },
  coverage: { crosses: '已送达阅片方', no_agreement: '没有协议', no_consent: '缺少知情同意' },
  missing: {
    completion: '完成确认', agreement: '协议', consent: '远程阅片同意', trial_consent: '试验同意', patient_name: '患者姓名',
    patient_id: '患者编号', body_part: '检查部位', calibration: '标定', images: '图像', report: '报告',
  },
  imageHints: { title: 'AI 对图像的提示', line: '{{what}}：{{count}} 幅', unreadable: '无法解码，AI 未读取：{{count}} 幅。请从设备重新导出。', contradiction: '检查部位为 {{part}}，而 {{count}} 幅图像显示：{{view}}。请核对检查部位。' },
  fault: {
    '122742': '图像质量差', '111235': '图像不可用', '111210': '运动模糊', 'gain-too-low': '增益过低', 'gain-too-high': '增益过高', 'contact-lost': '探头脱离',
    frozen: '画面冻结或重复', 'burned-in-text': '图像内有文字（可能含患者信息）', 'not-ultrasound': '不是超声图像',
  },
  anatomy: {
    '12738006': '胎儿颅脑', '818981001': '胎儿腹部', '71341001': '胎儿股骨', '816094009': '胎儿胸部', '71252005': '宫颈', '76752008': '乳腺', '10200004': '肝脏', '39607008': '肺',
    '91727004': '肌肉',
  },
  refusal: { advice: '如何处理', when: '时间', how: '途径', reason: '被拒原因', uid: '实例', hint: '已发送但未被接收的内容及原因。请更正后重新发送。', empty: '没有被拒的文件。' },
  upload: {
    hint: '从本机上传 DICOM 文件。中断后可从断点继续。', drop: '将文件或文件夹拖到此处，或点击选择。', chooseFiles: '选择文件',
    chooseFolder: '选择文件夹', file: '文件', size: '大小', megabytes: '{{size}} MB', progress: '进度', progressOf: '{{name}} 的进度', state: '状态', result: '结果',
    stored: '已安全保存', interrupted: '连接中断', summary: '共 {{total}} 个文件：{{done}} 个已保存，{{refused}} 个被拒', clear: '清除已结束',
    next: '一次检查的图像到齐后，请打开该检查并确认完成。', empty: '还没有选择文件。',
  },
  uploadState: { waiting: '等待', sending: '上传中', stored: '已保存', refused: '被拒', interrupted: '中断' },
}
