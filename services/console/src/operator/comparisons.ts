import type { Comparison, Standing } from '../api/types'
import type { Language } from '../i18n'

interface Pair {
  version: string
  against: string
  codes: Comparison[]
}

/** The comparisons of a hospital's model by the two versions, that in the shadow now first, then the shown one; worst codes first, as they come. */
export function byPair(one: Pick<Standing, 'comparisons' | 'shadow_version' | 'shown_version'>): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const each of one.comparisons) {
    const key = `${each.version}/${each.against}`
    const pair = pairs.get(key) ?? { version: each.version, against: each.against, codes: [] }
    pair.codes.push(each)
    pairs.set(key, pair)
  }
  const place = (version: string) => [one.shadow_version, one.shown_version].indexOf(version) + 1 || 3
  return [...pairs.values()].sort((a, b) => place(a.version) - place(b.version) || b.version.localeCompare(a.version) || b.against.localeCompare(a.against))
}

// The codes' Chinese names, as in reports; in English their own meaning.
const CHINESE: Record<string, string> = {
  '11984-2': '头围',
  '11820-8': '双顶径',
  '11851-3': '枕额径',
  '18185-9': '孕龄',
  '103339001': '长径',
  '103340004': '短径',
  '111031': '切面',
  '111032': '标准切面',
  '111047': '恶性概率',
  '111101': '图像质量',
  '111052': '图像质量问题',
  nature: '组织性质',
  'lung-sign': '肺超声征象',
  'head-oval': '胎头轮廓呈椭圆且完整位于图像内',
  'head-half': '胎头长径超过图像短边一半',
  'midline-level': '中线接近水平',
  'midline-whole': '中线连续',
  hemispheres: '两侧半球对称',
  thalami: '可见丘脑',
  cavum: '可见透明隔腔',
  'no-cerebellum': '未见小脑',
  'outer-calipers': '测量点位于颅骨外缘',
}

/** What was compared, in the reader's language as far as there is a name. */
export function comparedName({ code, meaning }: Pick<Comparison, 'code' | 'meaning'>, language: Language): string {
  const own = meaning === '' ? code : meaning
  return language === 'zh' ? (CHINESE[code] ?? own) : own
}
