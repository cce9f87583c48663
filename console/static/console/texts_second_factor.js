/** What is said about the second factor; loaded when it is needed. */

export const second = {
  title: 'Second factor',
  enterCode: 'Enter the code that your app shows now, or one of your recovery codes.',
  code: 'Code',
  goOn: 'Sign in',
  otherLogin: 'Sign in as somebody else',
  required: 'Your login needs a second factor. Set it up now; then sign in again.',
  isOff: 'With a second factor, signing in takes your password and a code that an app on your phone shows.',
  isOn: 'The second factor is on. Signing in takes your password and a code.',
  begin: 'Set it up',
  scan: 'Scan this with an app that shows codes, such as Google Authenticator or Aegis. Then enter the code that it shows.',
  qr: 'QR code for your app',
  orType: 'Or type this into the app:',
  turnOn: 'Turn it on',
  keep: 'The second factor is on. Keep these recovery codes in a safe place: each works once, if you lose your phone. They are not shown again.',
  copy: 'Copy the codes',
  copied: 'Copied.',
  kept: 'I have kept them',
  password: 'Current password',
  turnOff: 'Turn it off',
  off: 'The second factor is off.',
};
