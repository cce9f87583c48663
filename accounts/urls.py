from django.urls import include, path
from rest_framework.routers import SimpleRouter

from accounts import views
from accounts.trail import AuditView

router = SimpleRouter()
router.register("users", views.UserViewSet, basename="user")

urlpatterns = [
    path("auth/login/", views.LoginView.as_view(), name="login"),
    path("auth/refresh/", views.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="logout"),
    path("auth/me/", views.MeView.as_view(), name="me"),
    path("auth/ws-ticket/", views.SocketTicketView.as_view(), name="ws-ticket"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("token/refresh/", views.TokenRefreshView.as_view(), name="token-refresh"),
    path("token/verify/", views.TokenVerifyView.as_view(), name="token-verify"),
    path("audit/", AuditView.as_view(), name="audit"),
    path("team/", views.TeamView.as_view(), name="team"),
    path("", include(router.urls)),
]
