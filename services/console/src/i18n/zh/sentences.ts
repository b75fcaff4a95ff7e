import type { Problem } from '../../api/problem'

/**
 * What the services say in detail (in English, for they also serve programs), in Chinese. `$1` stands for what the pattern
 * caught. A test holds every pattern against the services' own sentences.
 */
const SENTENCES: [RegExp, string][] = [
  // sign-in and roles
  [/^the access token has expired/, '登录已过期。'],
  [/^you have no role in (\S+); ask your platform operator/, '您在 $1 没有角色。'],
  [/^the organisation (\S+) is not active here/, '机构 $1 已停用。'],
  [/^the sign-in service does not answer/, '登录服务没有应答。'],
  [/^PostgreSQL does not answer/, '数据库没有应答。'],
  // reading and signing
  [/^(.+) works on this until (\S+); it can be taken over/, '$1 正在阅片，至 $2；届时若未续期即可接手。'],
  [/^you do not hold this task, or your lease has ended/, '您没有领取该检查，或领取已到期。请重新领取。'],
  [/^you signed this exam first; another expert/, '您已完成一审；须由另一位专家二审。'],
  [/^accept, correct or reject each finding before signing/, '签发前须处理每一项 AI 所见。'],
  [/^a task that is (\w+) does not allow to \w+/, '该检查的当前状态不允许此操作。'],
  [/^write an impression before signing/, '签发前请填写超声提示。'],
  [/^signing needs the attestation/, '签发前请勾选声明。'],
  [/^the report has changed since you read it/, '您打开之后，报告已被修改。'],
  [/^a corrected finding needs its corrected_value/, '更正一项所见时须给出更正值。'],
  [/^(.+): an answer is corrected to one of /, '$1：请从所列结果中选择更正结果。'],
  [/^another answer needs its corrected_text/, '选择“其他”时须填写内容。'],
  [/^no analysis is offered to this report/, '没有待采用的 AI 结果。'],
  [/^the process that makes documents died; sign again/, '生成报告文件时出错，请再次签发。'],
  [/^only an expert reads and signs/, '只有阅片专家可以阅片和签发。'],
  // what models cannot judge, and how they fail
  [/^Not sure: (.+)/, '不确定：$1'],
  [/^less certain than the model's threshold asks for/, '可信度低于模型阈值'],
  [/^the probability of malignancy lies between both answers/, '恶性概率介于良性与恶性之间'],
  [/^the model outlines the skull and has not learnt what lies within it/, '模型只勾画颅骨，不识别颅内结构'],
  [/^the ellipse is placed by the model on the outer edge/, '椭圆由模型置于颅骨外缘，不读取图上的测量标记'],
  [/^The plane of the brain is not sure/, '颅脑切面不确定'],
  [/^The nature of the liver's tissue is not sure/, '肝脏组织性质不确定'],
  [/^What the lung shows is not sure/, '肺部表现不确定'],
  [/^taken out of service after repeated failures/, '该模型多次失败，已暂停使用。'],
  [/^taken out after repeated failures: (.+)/, '多次失败，已暂停使用：$1'],
  [/^the inference server does not answer/, '推理服务没有按时应答。'],
  [/^the output (\S+) holds values that are not numbers/, '输出 $1 含有非数值。'],
  [/^the output (\S+) is (.+), not (.+)/, '输出 $1 为 $2，应为 $3。'],
  [/^the output cannot be interpreted/, '输出无法解读。'],
  [/^the version (\S+) of (\S+), to which the hospital is pinned, is not installed/, '所用的 $2 $1 版没有安装。'],
  // versions of models
  [/^the version (\S+) is shown by now, not (\S+): look again/, '现已启用 $1，而不是 $2：请重新查看。'],
  [/^the version (\S+) is not installed; installed: /, '没有安装 $1 版。'],
  [/^there is no version that was shown before/, '没有可回退的版本。'],
  // exams and files
  [/^there is no such exam/, '没有该检查。'],
  [/^there is no such upload; begin it again/, '该上传已不存在，请重新上传。'],
  [/^a file has at most (\d+) bytes/, '单个文件最多 $1 字节。'],
  [/^this is not a DICOM file/, '这不是 DICOM 文件（第 128 字节处没有 DICM 标记）。'],
  [/^the instance has more than (\d+) bytes/, '图像超过 $1 字节。'],
  [/^the dataset has no (.+) UID/, '文件缺少 $1 UID。'],
  [/^the element at byte (\d+)/, '文件在第 $1 字节处无法识别。'],
  [/^the pixel data's fragments break off at byte (\d+)/, '像素数据在第 $1 字节处中断，文件不完整。'],
  [/^the sequence breaks off at byte (\d+)/, '数据在第 $1 字节处中断，文件不完整。'],
  [/^the part (\S+) does not answer now; nothing of this request was kept/, '部件 $1 没有应答；本次请求未保存任何内容，请稍后重新发送。'],
  // money
  [/^there is no (?:invoice|line|settlement statement|usage record) /, '没有该单据。'],
  [/^already closed through (\S+); later usage goes into/, '账期已关闭至 $1；之后的用量计入下一账期。'],
  [/^a period is closed at most (\d+) days ahead/, '最多可提前 $1 天关闭账期。'],
  [/^the close is not at its end yet; ask again/, '账期仍在关闭中，请稍后再看。'],
  [/^`to` lies before `from`/, '结束日期早于开始日期。'],
  [/^only the organisation that earns an amount can take it back/, '只有收款方可以冲销。'],
  [/^this record is itself a correction/, '该记录本身就是冲销记录。'],
  // organisations, devices, people
  [/^there is no organisation (\S+)/, '没有机构 $1。'],
  [/^the unified social credit code (\S+) belongs to (\S+)/, '统一社会信用代码 $1 已属于 $2。'],
  [/^a unified social credit code has 18 characters/, '统一社会信用代码应为 18 位。'],
  [/^the unified social credit code (\S+) names no region/, '统一社会信用代码 $1 的第 3 至 8 位应为数字（行政区划）。'],
  [/^the unified social credit code (\S+) is mistyped: by its first 17 characters the last would be (\S)/, '统一社会信用代码 $1 有误：按前 17 位，末位应为 $2。'],
  [/^(\S+): a hospital has a unified social credit code/, '医院 $1 须有统一社会信用代码。'],
  [/^(\S+): quiet_period lies above zero/, '自动完成的时间须大于零，且不超过一天。'],
  [/^'(.+)' is no IANA time zone/, '“$1”不是有效的时区，例如 Asia/Shanghai。'],
  [/^an alias has 2 to 63 lower-case letters/, '简称为 2 至 63 个小写字母、数字或连字符，以字母开头。'],
  [/^a user name or client id has 3 to 64 lower-case letters/, '用户名或客户端编号为 3 至 64 个小写字母、数字、点、下划线或连字符。'],
  [/^names that begin with (\S+) are kept for machines/, '以 $1 开头的名称保留给机器使用。'],
  [/^an AE title needs a character/, '请填写 AE 名称。'],
  [/^an AE title has 16 characters at most/, 'AE 名称最多 16 个字符。'],
  [/^an AE title has printable ASCII characters/, 'AE 名称只能使用可打印的 ASCII 字符，不含反斜杠。'],
  [/^the AE title (.+) belongs to a device of (.+); a calling/, 'AE 名称 $1 已属于 $2 的设备；全平台不得重复，请换一个。'],
  [/^a device's host is a host name or an IP address/, '主机应为主机名或 IP 地址。'],
  [/^\S+: a port lies between 1 and 65535/, '端口应在 1 至 65535 之间。'],
  [/^(\S+) needs a role: /, '$1 至少需要一个角色。'],
  [/^operators belong to the platform's own organisation/, '平台运维只能属于平台自身。'],
  [/^the platform's own organisation scans and reads nothing/, '平台自身不做检查也不阅片，不能有临床角色。'],
  [/^the name (\S+) is in use by a (?:person|machine)/, '名称 $1 已被使用，请换一个。'],
  [/^the client id (\S+) is in use for something else/, '客户端编号 $1 已被使用，请换一个。'],
  [/^(\w+) is a text of 1 to 200 characters/, '$1 应为 1 至 200 个字符，首尾不含空格。'],
  // agreements
  [/^there is no agreement (\S+)/, '没有协议 $1。'],
  [/^agreement (\S+) is between other parties/, '协议 $1 的双方不同；更换双方须使用新编号。'],
  [/^agreement (\S+) has its version (\d+) from (\S+) on, which is never changed/, '协议 $1 的第 $2 版自 $3 起生效，不再修改；请为新条款设定更晚的生效日。'],
  [/^(\S+) has a reader for (.+) from (\S+) until (.+) already, by agreement (\S+) version (\d+)/, '$1 的 $2 自 $3 起已由协议 $5 第 $6 版约定阅片方。请先终止该协议，或将本协议的生效日推后。'],
  [/^agreement (\S+) overlaps another one of the same requester/, '协议 $1 与同一申请方的另一协议重叠。'],
  [/^valid_until \((\S+)\) comes after valid_from \((\S+)\)/, '失效日（$1）须晚于生效日（$2）。'],
  [/^an agreement covers a service at least/, '协议至少包含一项服务。'],
  [/^the agreement names a service twice/, '协议中的服务范围有重复。'],
  [/^an agreement's number has 1 to 64 letters/, '协议编号为 1 至 64 个字母、数字、点、下划线或连字符。'],
  [/^agreement (\S+): a hospital needs no agreement to read for itself/, '医院为自己阅片不需要协议；请选择不同的双方。'],
  [/^the platform neither asks for reads nor gives them/, '平台不申请阅片也不阅片；协议须在两家医院之间。'],
  [/^a currency is an ISO 4217 code such as CNY/, '币种应为三个大写字母的代码，例如 CNY。'],
  [/^a (?:modality|body part) is a DICOM code string/, '应为 DICOM 代码：最多 16 个大写字母、数字、空格或下划线。'],
  [/^a price is zero or more/, '价格不得为负。'],
  [/^price item (\S+): \w+ cannot pay itself/, '价格项目 $1 的付款方与收款方相同。'],
  [/^price item (\S+): only \w+ speaks of a model/, '价格项目 $1 不是 AI 项目，不能指定模型。'],
  [/^price item (\S+): the last tier has no end/, '价格项目 $1 的最后一个阶梯不设上限。'],
  [/^price item (\S+): the tiers' up_to rise/, '价格项目 $1 的阶梯上限须递增，只有最后一个不设上限。'],
  [/^price item (\S+) charges for (\S+), which the agreement does not let anybody see/, '价格项目 $1 对模型 $2 计费，但协议不允许显示该模型的结果。'],
  [/^the agreement has the (?:price item|model) (\S+) more than once/, '协议中 $1 重复。'],
]

/** Why a file was refused and what to do, by the stable code of the reason. */
export const REFUSALS: Record<string, { reason: string; advice: string }> = {
  not_dicom: { reason: '不是 DICOM 文件', advice: '请发送 DICOM 文件（PS3.10）。' },
  truncated: { reason: '文件不完整', advice: '请重新完整发送该文件。' },
  malformed: { reason: '文件不符合 DICOM 规则', advice: '请联系设备厂家的服务人员检查。' },
  unsupported_transfer_syntax: { reason: '不支持的传输语法', advice: '请改用平台接受的传输语法发送。' },
  too_large: { reason: '文件过大', advice: '请分开发送，或联系平台运维调整上限。' },
  storage_full: { reason: '存储空间暂时已满', advice: '请稍后重新发送。' },
  uid_with_another_dataset: { reason: '相同的实例 UID 已保存为其他内容', advice: '若图像有修改，请为其使用新的实例 UID。' },
  another_study: { reason: '图像属于另一次检查', advice: '请发送到该检查的地址。' },
  another_instance: { reason: '图像的实例 UID 与请求不符', advice: '请核对后重新发送。' },
}

/** Names within a sentence. */
const NAMES: Record<string, string> = { 'gain too low': '增益过低', 'gain too high': '增益过高', 'contact lost': '探头脱离', 'motion blur': '运动模糊' }
const NAMED = new RegExp(Object.keys(NAMES).join('|'), 'g')
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g

/** The Chinese of what a service said; null for a sentence that is not known here. `dateTime` writes an instant for the eye. */
export function sentence(detail: string, dateTime: (instant: string) => string): string | null {
  for (const [pattern, chinese] of SENTENCES) {
    const found = pattern.exec(detail)
    if (!found) continue
    const said = chinese.replace(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? '')
    return said.replace(NAMED, (name) => NAMES[name] ?? name).replace(/(?<=[\u4e00-\u9fff]), /g, '、').replace(TIME, dateTime)
  }
  return null
}

/** What went wrong in detail: by the refusal's code where there is one, else by the sentence. */
export function inChinese(problem: Problem, dateTime: (instant: string) => string): string | null {
  const refused = typeof problem.data['reason'] === 'string' ? REFUSALS[problem.data['reason']] : undefined
  return refused ? `${refused.reason}。${refused.advice}` : sentence(problem.detail, dateTime)
}

export const patterns = (): RegExp[] => SENTENCES.map(([pattern]) => pattern)
