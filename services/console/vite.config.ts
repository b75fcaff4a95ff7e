import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The dev server answers at the front door's paths; SONOBRIDGE_ORIGIN is the running stack's origin (.local/endpoints.json).
const origin = process.env['SONOBRIDGE_ORIGIN']
const paths = ['/api', '/auth', '/dicomweb', '/fhir', '/live']

export default defineConfig({
  plugins: [react()],
  // vtk.js imports Node's `events` and `url`; without their npm packages its classes extend undefined.
  resolve: { alias: { events: 'events/', url: 'url/' } },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 4096, assetsInlineLimit: 0 },
  server: {
    host: '127.0.0.1',
    proxy: origin ? Object.fromEntries(paths.map((path) => [path, { target: origin, ws: true }])) : {},
  },
})
