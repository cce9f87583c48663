// Swagger UI, signed in by the form above it.
'use strict';

{
  const [signIn, signedIn, said] = ['sign-in', 'signed-in', 'said'].map((id) => document.getElementById(id));
  let ready = false;
  let missing = null; // the token of a sign-in that waits for a code
  let ours = null; // the header that Swagger UI was given last

  const ui = SwaggerUIBundle({
    url: '/swagger.json',
    dom_id: '#swagger-ui',
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    defaultModelRendering: 'example',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    showCommonExtensions: true,
    validatorUrl: null,
    onComplete: () => { ready = true; Session.onChange(show); },
    requestInterceptor: async (request) => {
      if (ours !== null && request.headers?.Authorization === ours) {
        const session = await Session.current();
        if (session) request.headers.Authorization = `Bearer ${session.access}`;
      }
      return request;
    },
  });

  function show(session) {
    signIn.hidden = session !== null;
    signedIn.hidden = session === null;
    if (session) {
      const { username, role } = session.user;
      signedIn.querySelector('b').textContent = `${username} (${role})`;
    }
    const header = session && `Bearer ${session.access}`;
    if (!ready || header === ours) return;
    ours = header;
    if (header) ui.preauthorizeApiKey('Bearer', header);
    else ui.authActions.logout(['Bearer']);
  }

  signIn.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { username, password, code } = signIn.elements;
    said.textContent = '';
    try {
      if (missing === null) missing = await Session.signIn(username.value, password.value);
      else {
        const token = missing;
        missing = null; // whatever comes of it: a token that has ended begins anew
        await Session.signInWithCode(token, code.value).catch((error) => {
          if (error.code === 'wrong_code') missing = token;
          throw error;
        });
      }
      if (missing === null) signIn.reset();
    } catch (error) {
      said.textContent = error.message;
    }
    const asks = missing !== null;
    username.hidden = username.disabled = password.hidden = password.disabled = asks;
    code.hidden = code.disabled = !asks;
    if (asks) code.focus();
  });

  signedIn.addEventListener('submit', (event) => {
    event.preventDefault();
    said.textContent = '';
    Session.signOut();
  });
}
