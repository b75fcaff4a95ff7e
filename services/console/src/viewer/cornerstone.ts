import {
  Enums as CoreEnums, imageLoader, init as initCore, metaData, RenderingEngine, type Types, utilities,
} from '@cornerstonejs/core'
import { addTool, annotation, init as initTools, LengthTool, PanTool, ZoomTool } from '@cornerstonejs/tools'
import { EllipseTool } from './EllipseTool'
import type { FrameStore } from './frames'
import type { Instance } from './study'
import { WindowTool } from './WindowTool'

const SCHEME = 'sonobridge'
const MODULES: Record<'IMAGE_PLANE' | 'IMAGE_PIXEL' | 'GENERAL_SERIES', string> = CoreEnums.MetadataModules
const MARKS = {
  color: '#ffd84a', colorHighlighted: '#ffffff', colorSelected: '#ffd84a', lineWidth: '2', textBoxColor: '#ffd84a', textBoxColorHighlighted: '#ffffff',
  textBoxColorSelected: '#ffd84a', textBoxBackground: 'rgba(0, 0, 0, 0.75)', textBoxFontSize: '15px',
}
const sources = new Map<string, { instance: Instance; store: FrameStore }>()
let started: Promise<void> | null = null
let shared: RenderingEngine | null = null

/** The tab's one engine, for each holds WebGL contexts of its own. */
export function engine(): RenderingEngine {
  shared ??= new RenderingEngine('sonobridge')
  return shared
}

/** Cornerstone's name of one frame (from 1). */
export function imageIdOf(instance: Instance, frame: number): string {
  return `${SCHEME}:${instance.sopInstanceUid}/${frame}`
}

/** The instance and frame that an image id, or a tool's target id, names. */
export function frameOf(id: string): { instance: Instance; frame: number } | null {
  const match = /sonobridge:([\d.]+)\/(\d+)/.exec(id)
  const source = match?.[1] === undefined ? undefined : sources.get(match[1])
  return source ? { instance: source.instance, frame: Number(match?.[2]) } : null
}

export function register(instances: Instance[], store: FrameStore): void {
  instances.forEach((instance) => sources.set(instance.sopInstanceUid, { instance, store }))
}

export function unregister(instances: Instance[]): void {
  instances.forEach((instance) => sources.delete(instance.sopInstanceUid))
}

/** Starts Cornerstone once per tab; our own loader and metadata, none of its DICOM parsing. */
export function startCornerstone(): Promise<void> {
  started ??= Promise.resolve().then(() => {
    initCore({ debug: {}, rendering: { webGlContextCount: 1 } })
    initTools()
    // Figures are read on any picture: bright, on a dark ground of their own.
    const { global = {}, ...tools } = annotation.config.style.getDefaultToolStyles()
    annotation.config.style.setDefaultToolStyles({ ...tools, global: { ...global, ...MARKS } })
    imageLoader.registerImageLoader(SCHEME, (imageId: string) => ({ promise: load(imageId) }))
    metaData.addProvider(metadata, 10_000)
    for (const tool of [WindowTool, ZoomTool, PanTool, LengthTool, EllipseTool]) addTool(tool)
  })
  return started
}

/**
 * Geometry in pixels: one unit of the world is one pixel, so that Cornerstone never computes a length by itself. Lengths come
 * from the region's own calibration alone.
 */
function metadata(type: string, ...query: unknown[]): unknown {
  const found = typeof query[0] === 'string' ? frameOf(query[0]) : null
  if (found === null) return undefined
  const { rows, columns, modality, sopInstanceUid, seriesInstanceUid } = found.instance
  switch (type) {
    case MODULES.IMAGE_PLANE:
      return {
        frameOfReferenceUID: `${sopInstanceUid}.${found.frame}`,
        rows,
        columns,
        imagePositionPatient: [0, 0, 0],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        rowPixelSpacing: 1,
        columnPixelSpacing: 1,
        pixelSpacing: [1, 1],
        sliceThickness: 1,
        sliceLocation: 0,
      }
    case MODULES.IMAGE_PIXEL:
      return {
        pixelRepresentation: 0, bitsAllocated: 8, bitsStored: 8, highBit: 7, photometricInterpretation: 'RGB', samplesPerPixel: 3, rows, columns,
      }
    case MODULES.GENERAL_SERIES:
      return { modality, seriesInstanceUID: seriesInstanceUid }
    default:
      return undefined
  }
}

async function load(imageId: string): Promise<Types.IImage> {
  const match = frameOf(imageId)
  const source = match && sources.get(match.instance.sopInstanceUid)
  if (!match || !source) throw new Error(`no such frame: ${imageId}`)
  const bitmap = await source.store.get(match.instance, match.frame)
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('2D canvas')
  context.drawImage(bitmap, 0, 0)
  const rgba = context.getImageData(0, 0, width, height).data
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    rgb[pixel * 3] = rgba[pixel * 4] ?? 0
    rgb[pixel * 3 + 1] = rgba[pixel * 4 + 1] ?? 0
    rgb[pixel * 3 + 2] = rgba[pixel * 4 + 2] ?? 0
  }
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({ scalarData: rgb, width, height, numberOfComponents: 3 })
  return {
    imageId,
    minPixelValue: 0,
    maxPixelValue: 255,
    slope: 1,
    intercept: 0,
    windowCenter: 128,
    windowWidth: 256,
    voiLUTFunction: CoreEnums.VOILUTFunctionType.LINEAR,
    getPixelData: () => rgb,
    getCanvas: () => document.createElement('canvas'),
    rows: height,
    columns: width,
    height,
    width,
    color: true,
    rgba: false,
    numberOfComponents: 3,
    columnPixelSpacing: 1,
    rowPixelSpacing: 1,
    invert: false,
    photometricInterpretation: 'RGB',
    sizeInBytes: rgb.byteLength,
    dataType: 'Uint8Array',
    voxelManager: voxelManager as NonNullable<Types.IImage['voxelManager']>,
  }
}
