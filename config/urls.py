"""All paths of Patter."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_yasg import openapi

from config import pages
from config.api import Api
from config.errors import not_found
from config.guide import DOCUMENTS
from config.sandbox import SandboxPaths
from customer_data.urls import media_urlpatterns as customer_data_files
from customers.urls import media_urlpatterns as avatars
from messaging.consumers import ChatConsumer, InboxConsumer, NoSuchSocket
from messaging.urls import media_urlpatterns as attachment_files

api_info = openapi.Info(
    title="Patter",
    default_version="v1",
    description="The backend of a sales desk on WhatsApp. [The guide](/api/guide/) shows how to use it, with examples "
    "that run; [sockets](/api/guide/realtime/) have a page of their own.\n\n"
    "In Swagger UI, sign in at the top: your token is then sent with every request, and renewed. Operations without a "
    "lock need none. The last slash of a path may be left out.\n\n"
    "What salespeople may do for their own customers, managers of a team may also do for those of its members.",
)

api = Api(
    [
        path("docs/", pages.swagger_ui, name="docs"),
        path("redoc/", pages.redoc),
        *[path(f"guide/{name}/" if name else "guide/", pages.guide, {"name": name}) for name in DOCUMENTS],
        path("", include("accounts.urls")),
        path("", include("whatsapp.urls")),
        path("", include("messaging.urls")),
        path("", include("contacts.urls")),
        path("", include("customers.urls")),
        path("", include("customer_data.urls")),
        path("v1/msg/", include("tags.urls")),
        # Without it Django shows its own page for a path that does not exist, if DEBUG is on.
        re_path("", csrf_exempt(not_found)),
    ]
)

urlpatterns = [
    api,  # first, because most requests are for it
    path("", include("console.urls")),
    path("admin/", admin.site.urls),
    path("swagger/", pages.swagger_ui),
    path("swagger.json", pages.swagger_json),
    path("media/", include(customer_data_files)),
    path("media/", include(avatars)),
    path("media/", include(attachment_files)),
    SandboxPaths(),
]

websocket_urlpatterns = [
    path("ws/chat/<int:customer_id>/", ChatConsumer.as_asgi()),
    path("ws/inbox/", InboxConsumer.as_asgi()),
    re_path("", NoSuchSocket.as_asgi()),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
