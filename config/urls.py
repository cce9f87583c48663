"""All paths of Patter."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from config.api import Api
from config.errors import not_found
from config.sandbox import SandboxPaths
from customer_data.urls import media_urlpatterns as customer_data_files
from customers.urls import media_urlpatterns as avatars
from messaging.consumers import ChatConsumer, InboxConsumer, NoSuchSocket
from messaging.urls import media_urlpatterns as attachment_files

api_info = openapi.Info(
    title="Patter",
    default_version="v1",
    description="The backend of a sales desk on WhatsApp. Sign in with `POST /api/auth/login/`, then click "
    "**Authorize** and enter `Bearer <access token>`. The WebSockets are described in docs/realtime.md. "
    "The last slash of a path may be left out.",
)
schema = get_schema_view(public=True, permission_classes=[AllowAny], authentication_classes=[])

admin.site.site_header = "Patter"
admin.site.site_title = "Patter"

api = Api(
    [
        path("docs/", schema.with_ui("swagger", cache_timeout=0), name="docs"),
        path("redoc/", schema.with_ui("redoc", cache_timeout=0)),
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
    path("", include("console.urls")),
    path("admin/", admin.site.urls),
    api,
    path("swagger/", schema.with_ui("swagger", cache_timeout=0)),
    path("swagger.json", schema.without_ui(cache_timeout=0), {"format": "json"}),
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
