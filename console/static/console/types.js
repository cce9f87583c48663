/**
 * The shapes of the API, generated from /swagger.json when the types are checked (tests/browser/console).
 *
 * @typedef {import('./schema').components['schemas']} Schemas
 * @typedef {Schemas['Me']} Me
 * @typedef {Schemas['SignedIn']} SignedIn
 * @typedef {Schemas['SignedInOrStep']} SignedInOrStep
 * @typedef {Schemas['DeskCustomer']} Chat  A row of the desk: a customer with the state of their chat.
 * @typedef {Schemas['DeskCounts']} DeskCounts
 * @typedef {Schemas['Message']} Message
 * @typedef {Schemas['Routing']} Routing
 * @typedef {Schemas['ResponseTimesReport']} ResponseTimesReport
 * @typedef {Schemas['ResponseTimes']} ResponseTimes  One row of the report.
 * @typedef {Schemas['Tag']} Tag
 * @typedef {Schemas['Ref']} Ref
 * @typedef {Schemas['TeamMember']} TeamMember
 * @typedef {Schemas['Template']} Template
 * @typedef {Schemas['Profile']} Profile
 * @typedef {Schemas['SendMessage']} SendMessage
 */

/** What admins hear about one of our numbers. @typedef {Schemas['BusinessNumber'] & {reason: string, until: string | null}} NumberNews */

/**
 * @typedef {object} Page
 * @property {number} count
 * @property {boolean} count_is_exact
 * @property {string | null} next
 * @property {string | null} previous
 */

/** @template T @typedef {Page & {results: T[]}} PageOf */

/**
 * @typedef {object} Frame  docs/realtime.md
 * @property {string} type
 * @property {number} [seq]
 * @property {string} at
 * @property {Ref | null} [actor]
 * @property {any} data
 */

export {};
