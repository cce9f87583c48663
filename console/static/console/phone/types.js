/**
 * What the sandbox says, and what it is told. Contents and bodies are Meta's, and free.
 *
 * @typedef {{ id: string, display: string }} BusinessNumber
 * @typedef {{ phone: string, name: string }} Person
 * @typedef {{ business: BusinessNumber[], customers: Person[] }} Numbers
 *
 * @typedef {{ from: 'customer' | 'business', emoji: string }} Reaction
 *
 * @typedef {object} Written  what the customer wrote; `status` is `sending` or `failed` here alone
 * @property {'customer'} from
 * @property {string} id
 * @property {string} at
 * @property {string} type
 * @property {string} text
 * @property {Record<string, any>} content
 * @property {string | null} reply_to
 * @property {string} status
 * @property {boolean} edited
 * @property {boolean} deleted
 * @property {Reaction[]} reactions
 *
 * @typedef {{ type: string, text: string, url?: string, payload?: string, phone_number?: string, coupon_code?: string, code?: string, action?: Record<string, any> }} TemplateButton
 * @typedef {{ body: string, buttons: TemplateButton[] }} ShownCard
 * @typedef {ShownCard & { header: string, footer: string, offer: { text: string, expires_at: string | null } | null, cards: ShownCard[] }} ShownTemplate
 *
 * @typedef {object} Received  what came from the business: the body that Meta's Graph API is given
 * @property {'business'} from
 * @property {string} id
 * @property {string} at
 * @property {Record<string, any>} body
 * @property {ShownTemplate | null} template
 * @property {Reaction[]} reactions
 *
 * @typedef {Written | Received} Row
 *
 * @typedef {object} Chat
 * @property {string} phone
 * @property {string} name
 * @property {BusinessNumber} business
 * @property {string} version
 * @property {boolean} typing
 * @property {Row[]} messages
 *
 * @typedef {Record<string, unknown> & { type: string }} Said
 *
 * @typedef {object} Answers  what a bubble can be asked to do
 * @property {(said: Said) => void} say
 * @property {(row: Row) => void} reply
 * @property {(row: Written) => void} edit
 * @property {(id: string) => Row | undefined} rowOf
 */

export {};
