from django.urls import include, path
from rest_framework.routers import SimpleRouter

from accounts.trail import AuditView
from accounts.views import signing_in
from accounts.views.mfa import MfaConfirmView, MfaLoginView, MfaSetupView, MfaView
from accounts.views.passwords import ForgotView, ResetView
from accounts.views.sessions import SessionsView, SessionView
from accounts.views.teams import TeamViewSet
from accounts.views.users import UserViewSet

router = SimpleRouter()
router.register("users", UserViewSet, basename="user")
router.register("teams", TeamViewSet, basename="team")

urlpatterns = [
    path("auth/login/", signing_in.LoginView.as_view(), name="login"),
    path("auth/refresh/", signing_in.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", signing_in.LogoutView.as_view(), name="logout"),
    path("auth/me/", signing_in.MeView.as_view(), name="me"),
    path("auth/sessions/", SessionsView.as_view(), name="sessions"),
    path("auth/sessions/<str:pk>/", SessionView.as_view(), name="session"),
    path("auth/login/mfa/", MfaLoginView.as_view(), name="login-mfa"),
    path("auth/mfa/", MfaView.as_view(), name="mfa"),
    path("auth/mfa/setup/", MfaSetupView.as_view(), name="mfa-setup"),
    path("auth/mfa/confirm/", MfaConfirmView.as_view(), name="mfa-confirm"),
    path("auth/password/forgot/", ForgotView.as_view(), name="password-forgot"),
    path("auth/password/reset/", ResetView.as_view(), name="password-reset"),
    path("auth/ws-ticket/", signing_in.SocketTicketView.as_view(), name="ws-ticket"),
    path("token/", signing_in.TokenView.as_view(), name="token"),
    path("token/refresh/", signing_in.TokenRefreshView.as_view(), name="token-refresh"),
    path("token/verify/", signing_in.TokenVerifyView.as_view(), name="token-verify"),
    path("audit/", AuditView.as_view(), name="audit"),
    path("", include(router.urls)),
]
