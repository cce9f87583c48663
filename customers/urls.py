from django.urls import include, path
from rest_framework.routers import SimpleRouter

from customers.views.addresses import AddressViewSet
from customers.views.groups import GroupViewSet
from customers.views.profiles import AvatarView, ProfileViewSet
from customers.views.registration import RegisterView

router = SimpleRouter()
router.register("customers/customers", ProfileViewSet, basename="profile")
router.register("customers/addresses", AddressViewSet, basename="address")
router.register("customers/groups", GroupViewSet, basename="customer-group")

urlpatterns = [
    path("", include(router.urls)),
    path("customers/register/", RegisterView.as_view()),
]

media_urlpatterns = [path("avatars/<path:path>", AvatarView.as_view(), name="avatar")]
