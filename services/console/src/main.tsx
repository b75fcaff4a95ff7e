import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import 'dayjs/locale/zh-cn'
import { App } from './app/App'
import { startSession } from './auth/session'
import { startI18n } from './i18n'
import './style.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
await Promise.all([startI18n(), startSession()])
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
