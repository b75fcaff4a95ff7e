import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { App as AntApp, ConfigProvider } from 'antd'
import enGB from 'antd/locale/en_GB'
import zhCN from 'antd/locale/zh_CN'
import { asProblem } from '../api/problem'
import { RouterProvider } from 'react-router-dom'
import { router } from './routes'
import { useLanguage } from './useLanguage'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && [0, 502, 503, 504].includes(asProblem(error).status),
    },
  },
})

const theme = {
  components: { Menu: { itemSelectedBg: '#e3f1f6', itemSelectedColor: '#0b5c7a' } },
  token: {
    colorPrimary: '#0b5c7a',
    colorLink: '#0b5c7a',
    borderRadius: 6,
    colorWarning: '#a85b00',
    colorWarningBg: '#fdf2df',
    colorWarningBorder: '#f0cf9b',
    colorSuccess: '#2a7a2a',
    colorSuccessBg: '#e9f6e6',
    colorSuccessBorder: '#b5ddb0',
    colorTextDescription: '#55606b',
    colorTextSecondary: '#55606b',
    colorTextTertiary: '#55606b',
  },
}

export function App() {
  return (
    <ConfigProvider locale={useLanguage() === 'zh' ? zhCN : enGB} theme={theme} button={{ autoInsertSpace: false }}>
      <AntApp>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  )
}
