export type Action =
  | 'play' | 'previousFrame' | 'nextFrame' | 'previousImage' | 'nextImage' | 'window' | 'zoom' | 'pan' | 'length' | 'ellipse' | 'reset' | 'delete' | 'overlay' | 'help'

/** Keys by their place on the keyboard (`event.code`), so that an input method or another layout changes nothing. */
const KEYS: Record<string, Action> = {
  Space: 'play',
  ArrowLeft: 'previousFrame',
  ArrowRight: 'nextFrame',
  ArrowUp: 'previousImage',
  ArrowDown: 'nextImage',
  KeyW: 'window',
  KeyZ: 'zoom',
  KeyP: 'pan',
  KeyL: 'length',
  KeyE: 'ellipse',
  KeyR: 'reset',
  KeyO: 'overlay',
  Delete: 'delete',
  Backspace: 'delete',
  Slash: 'help',
}

/** The keys for people: the action and what is printed on its keys. */
export const KEY_NAMES: [Action, string[]][] = [
  ['play', ['Space']], ['previousFrame', ['←']], ['nextFrame', ['→']], ['previousImage', ['↑']], ['nextImage', ['↓']], ['window', ['W']], ['zoom', ['Z']], ['pan', ['P']],
  ['length', ['L']], ['ellipse', ['E']], ['overlay', ['O']], ['reset', ['R']], ['delete', ['Del', '⌫']], ['help', ['?']],
]

interface Key {
  code: string
  key: string
  isComposing: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** What a key asks of the viewer: nothing while an input method composes, with a modifier, or when typed into a field or control. */
export function actionOf(event: Key, inControl: boolean): Action | null {
  if (event.isComposing || event.key === 'Process' || event.ctrlKey || event.metaKey || event.altKey || inControl) return null
  return KEYS[event.code] ?? null
}

/** Whether a key belongs to the element that has the focus: text, choices, and buttons that Space or Enter presses. */
export function belongsToControl(target: EventTarget | null, code: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest('input, textarea, select, [role="combobox"], [role="slider"], [role="dialog"], [role="menu"]')) return true
  return (code === 'Space' || code === 'Enter') && target.closest('button, a, [role="button"], summary') !== null
}
