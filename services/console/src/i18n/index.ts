import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en'
import { zh } from './zh'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
const CHOSEN = 'sonobridge.language'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

function firstLanguage(): Language {
  const chosen = localStorage.getItem(CHOSEN) ?? navigator.language
  return chosen.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

function mark(language: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
}

export async function startI18n(): Promise<void> {
  const language = firstLanguage()
  mark(language)
  i18next.on('languageChanged', mark)
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  })
}

export async function choose(language: Language): Promise<void> {
  localStorage.setItem(CHOSEN, language)
  await i18next.changeLanguage(language)
}
