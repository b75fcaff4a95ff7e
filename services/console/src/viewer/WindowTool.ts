import { WindowLevelTool } from '@cornerstonejs/tools'

/** Cornerstone's window tool at one grey value for each pixel dragged; its own pace is made for 12-bit images. */
export class WindowTool extends WindowLevelTool {
  static override toolName = 'Window'

  override _getMultiplierFromDynamicRange(): number {
    return 1
  }
}
